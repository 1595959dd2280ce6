package dev.outlay.server.admin;

import dev.outlay.server.admin.Pages.Page;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.channel.socket.DuplexChannel;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.FullHttpResponse;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpObject;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.handler.codec.http.TooLongHttpHeaderException;
import io.netty.handler.codec.http.TooLongHttpLineException;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Answers the one request of a connection. After the answer it sends no more, and lets the other
 * side close, so that an answer to an upload is not lost by a reset; a connection that is still
 * open after {@value #OPEN_SECONDS_MAX} seconds is closed, whatever it does. Used by one event
 * loop.
 */
final class RequestHandler extends SimpleChannelInboundHandler<HttpObject> {
    static final int BODY_BYTES_MAX = 1024;
    static final int OPEN_SECONDS_MAX = 10;

    private static final Logger LOG = LoggerFactory.getLogger(RequestHandler.class);

    private final Pages pages;
    private @Nullable Future<?> deadline;
    private @Nullable HttpRequest request;
    private long bodyBytes;
    private boolean answered;

    RequestHandler(Pages pages) {
        this.pages = pages;
    }

    @Override
    public void channelActive(ChannelHandlerContext context) {
        deadline =
                context.executor()
                        .schedule(
                                () -> {
                                    var _ = context.close();
                                },
                                OPEN_SECONDS_MAX,
                                TimeUnit.SECONDS);
        context.fireChannelActive();
    }

    @Override
    public void channelInactive(ChannelHandlerContext context) {
        if (deadline != null) {
            deadline.cancel(false);
        }
        context.fireChannelInactive();
    }

    @Override
    protected void channelRead0(ChannelHandlerContext context, HttpObject part) {
        if (answered) {
            return;
        }
        if (part.decoderResult().isFailure()) {
            answer(context, refusal(part.decoderResult().cause()));
            return;
        }
        if (part instanceof HttpRequest begun) {
            request = begun;
            bodyBytes = Math.max(0, HttpUtil.getContentLength(begun, 0L));
        } else if (part instanceof HttpContent content && request != null) {
            if (HttpUtil.isTransferEncodingChunked(request)) {
                bodyBytes += content.content().readableBytes();
            }
        }
        if (bodyBytes > BODY_BYTES_MAX) {
            answer(
                    context,
                    Page.plain(
                            HttpResponseStatus.REQUEST_ENTITY_TOO_LARGE,
                            "at most " + BODY_BYTES_MAX + " bytes are read here\n"));
        } else if (part instanceof LastHttpContent && request != null) {
            answer(context, page(request));
        }
    }

    private Page page(HttpRequest complete) {
        try {
            return pages.answer(complete.method(), complete.uri());
        } catch (RuntimeException e) {
            LOG.error("no answer to {} {}", complete.method(), complete.uri(), e);
            return Page.plain(
                    HttpResponseStatus.INTERNAL_SERVER_ERROR,
                    "failed; the server's log says why\n");
        }
    }

    private static Page refusal(Throwable cause) {
        return switch (cause) {
            case TooLongHttpLineException e ->
                    Page.plain(
                            HttpResponseStatus.REQUEST_URI_TOO_LONG, "the address is too long\n");
            case TooLongHttpHeaderException e ->
                    Page.plain(
                            HttpResponseStatus.REQUEST_HEADER_FIELDS_TOO_LARGE,
                            "the headers are too long\n");
            default -> Page.plain(HttpResponseStatus.BAD_REQUEST, "this is not HTTP/1.1\n");
        };
    }

    private void answer(ChannelHandlerContext context, Page page) {
        answered = true;
        FullHttpResponse response =
                new DefaultFullHttpResponse(
                        HttpVersion.HTTP_1_1,
                        page.status(),
                        Unpooled.copiedBuffer(page.text(), StandardCharsets.UTF_8));
        response.headers()
                .set(HttpHeaderNames.CONTENT_TYPE, page.contentType())
                .setInt(HttpHeaderNames.CONTENT_LENGTH, response.content().readableBytes())
                .set(HttpHeaderNames.CACHE_CONTROL, HttpHeaderValues.NO_STORE)
                .set(HttpHeaderNames.CONNECTION, HttpHeaderValues.CLOSE);
        if (page.status().equals(HttpResponseStatus.METHOD_NOT_ALLOWED)) {
            response.headers().set(HttpHeaderNames.ALLOW, "GET, HEAD");
        }
        context.writeAndFlush(response)
                .addListener(
                        sent -> {
                            if (sent.isSuccess()) {
                                var _ = ((DuplexChannel) context.channel()).shutdownOutput();
                            } else {
                                var _ = context.close();
                            }
                        });
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
        LOG.debug("connection dropped", cause);
        var _ = context.close();
    }
}
