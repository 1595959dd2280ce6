package dev.outlay.server.config;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Where the server listens. Reading one asks no name service.
 *
 * @param host an IPv4 or IPv6 address without brackets, or a host name
 * @param port 0..65535; 0 takes any free port
 */
public record ListenAddress(String host, int port) {
    private static final int PORT_MAX = 65_535;
    private static final Pattern FORM =
            Pattern.compile("(?:\\[([0-9a-fA-F:.]+)]|([A-Za-z0-9._-]+)):(\\d{1,5})");

    public ListenAddress {
        if (host.isEmpty() || port < 0 || port > PORT_MAX) {
            throw new IllegalArgumentException("is not a host and a port of 0.." + PORT_MAX);
        }
    }

    /** Reads {@code host:port}; an IPv6 address stands in brackets. */
    public static ListenAddress parse(String text) {
        Matcher matcher = FORM.matcher(text);
        if (!matcher.matches()) {
            throw new IllegalArgumentException(
                    "is not host:port, for example 127.0.0.1:7430 or [::1]:7430");
        }
        String bracketed = matcher.group(1);
        String host = bracketed != null ? bracketed : matcher.group(2);
        return new ListenAddress(host, Integer.parseInt(matcher.group(3)));
    }

    /**
     * Whether only this host can reach it. A name other than {@code localhost} may mean any host.
     */
    public boolean isLoopback() {
        if (host.equals("localhost")) {
            return true;
        }
        try {
            return InetAddress.ofLiteral(host).isLoopbackAddress();
        } catch (IllegalArgumentException e) {
            return false;
        }
    }

    /** To bind to; a host name is looked up now. */
    public InetSocketAddress toSocketAddress() {
        return new InetSocketAddress(host, port);
    }

    @Override
    public String toString() {
        return (host.contains(":") ? "[" + host + "]" : host) + ":" + port;
    }
}
