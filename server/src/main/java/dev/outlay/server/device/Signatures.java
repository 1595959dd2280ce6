package dev.outlay.server.device;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;

/**
 * Recognises what must not be formatted by mistake: file systems, volume managers, partition
 * tables.
 */
final class Signatures {

    /** How much of the start of a device is to be looked at. */
    static final int HEAD_BYTES = 0x10_000 + 4096;

    private static final List<Signature> KNOWN =
            List.of(
                    hex("an ext2, ext3 or ext4 file system", 0x438, "53ef"),
                    text("an XFS file system", 0, "XFSB"),
                    text("a Btrfs file system", 0x10_040, "_BHRfS_M"),
                    hex("an F2FS file system", 0x400, "1020f5f2"),
                    text("a SquashFS file system", 0, "hsqs"),
                    text("an NTFS file system", 3, "NTFS    "),
                    text("an exFAT file system", 3, "EXFAT   "),
                    text("a FAT file system", 0x52, "FAT32   "),
                    text("a FAT file system", 0x36, "FAT1"),
                    text("an ISO 9660 file system", 0x8001, "CD001"),
                    text("swap space", 0xff6, "SWAPSPACE2"),
                    hex("an encrypted (LUKS) volume", 0, "4c554b53babe"),
                    text("an LVM physical volume", 0x200, "LABELONE"),
                    hex("a member of a RAID array", 0, "fc4e2ba9"),
                    hex("a member of a RAID array", 0x1000, "fc4e2ba9"),
                    hex("a bcache device", 0x1018, "c68573f64e1a45ca8265f57f48ba6d81"),
                    text("a persistent-memory namespace", 0x1000, "NVDIMM_PFN_INFO"),
                    text("a persistent-memory namespace", 0x1000, "NVDIMM_DAX_INFO"),
                    text("a persistent-memory namespace", 0x1000, "BTT_ARENA_INFO"),
                    text("a GPT partition table", 0x200, "EFI PART"),
                    text("a GPT partition table", 0x1000, "EFI PART"),
                    hex("a boot sector or MBR partition table", 0x1fe, "55aa"));

    private Signatures() {}

    private static final class Signature {

        private final String what;
        private final int offset;
        private final byte[] bytes;

        Signature(String what, int offset, byte[] bytes) {
            this.what = what;
            this.offset = offset;
            this.bytes = bytes;
        }

        boolean isIn(byte[] head) {
            int end = offset + bytes.length;
            return end <= head.length && Arrays.equals(head, offset, end, bytes, 0, bytes.length);
        }
    }

    /**
     * What seems to be on the device, in words.
     *
     * @param head its first {@link #HEAD_BYTES}, or all of it
     * @param firstBlock its first block; a block of one repeated byte counts as empty
     * @param lastBlock its last block, likewise
     */
    static Optional<String> find(byte[] head, byte[] firstBlock, byte[] lastBlock) {
        for (Signature signature : KNOWN) {
            if (signature.isIn(head)) {
                return Optional.of(signature.what);
            }
        }
        return isUniform(firstBlock) && isUniform(lastBlock)
                ? Optional.empty()
                : Optional.of("data of an unknown kind");
    }

    private static boolean isUniform(byte[] block) {
        for (byte b : block) {
            if (b != block[0]) {
                return false;
            }
        }
        return true;
    }

    private static Signature text(String what, int offset, String text) {
        return new Signature(what, offset, text.getBytes(StandardCharsets.US_ASCII));
    }

    private static Signature hex(String what, int offset, String hex) {
        return new Signature(what, offset, HexFormat.of().parseHex(hex));
    }
}
