package dev.outlay.v1;

import com.google.protobuf.ByteString;
import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.Descriptors.OneofDescriptor;
import com.google.protobuf.DynamicMessage;
import com.google.protobuf.Message;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Messages with every field set, the same in every run: values follow from field numbers, so that
 * two fields that change places show.
 */
final class Samples {
    private Samples() {}

    /**
     * One sample of a type for each alternative of its oneof, by the name of the alternative; types
     * without a oneof have one sample, "all".
     */
    static Map<String, Message> of(Descriptor type) {
        Map<String, Message> samples = new LinkedHashMap<>();
        List<OneofDescriptor> oneofs = type.getRealOneofs();
        if (oneofs.isEmpty()) {
            samples.put("all", filled(type, 1, null));
        }
        for (OneofDescriptor oneof : oneofs) {
            for (FieldDescriptor chosen : oneof.getFields()) {
                samples.put(chosen.getName(), filled(type, 1, chosen));
            }
        }
        return samples;
    }

    private static Message filled(Descriptor type, int seed, FieldDescriptor chosen) {
        DynamicMessage.Builder message = DynamicMessage.newBuilder(type);
        for (FieldDescriptor field : type.getFields()) {
            if (field.getRealContainingOneof() != null && !field.equals(chosenIn(field, chosen))) {
                continue;
            }
            if (field.isRepeated()) {
                message.addRepeatedField(field, value(field, seed));
                message.addRepeatedField(field, value(field, seed + 1));
            } else {
                message.setField(field, value(field, seed));
            }
        }
        return message.build();
    }

    /** The alternative to set: the one asked for, and in nested messages the first. */
    private static FieldDescriptor chosenIn(FieldDescriptor field, FieldDescriptor chosen) {
        OneofDescriptor oneof = field.getRealContainingOneof();
        return chosen != null && chosen.getRealContainingOneof() == oneof
                ? chosen
                : oneof.getField(0);
    }

    private static Object value(FieldDescriptor field, int seed) {
        int number = field.getNumber() * 31 + seed;
        return switch (field.getJavaType()) {
            case BOOLEAN -> true;
            case INT -> number * 65537;
            case LONG -> number * 4294967311L;
            case STRING -> field.getName() + "-é-" + seed;
            case BYTE_STRING -> bytes(number);
            case ENUM -> {
                var values = field.getEnumType().getValues();
                yield values.get(1 + number % (values.size() - 1));
            }
            case MESSAGE -> filled(field.getMessageType(), seed, null);
            case FLOAT, DOUBLE ->
                    throw new IllegalArgumentException("no floating point in this API: " + field);
        };
    }

    private static ByteString bytes(int number) {
        byte[] bytes = new byte[16];
        for (int i = 0; i < bytes.length; i++) {
            bytes[i] = (byte) (number * 7 + i * 17);
        }
        return ByteString.copyFrom(bytes);
    }
}
