package labkit.ksql.rest;

import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.io.EofException;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.Callback;

/** Finds the endpoint of a request, and answers with an error if there is none or it fails. */
final class Router extends Handler.Abstract {
    /** By path, then by method. A path that ends in a slash stands for all that begin with it. */
    private final TreeMap<String, Map<String, Endpoint>> routes = new TreeMap<>();

    private final Set<String> leftOut = new TreeSet<>();

    Router add(String method, String path, Endpoint endpoint) {
        routes.computeIfAbsent(path, p -> new TreeMap<>()).put(method, endpoint);
        return this;
    }

    /** Says of a path that ksqlDB has and this server has not why that is, whatever the method. */
    Router refuse(String path, String why) {
        for (String method : new String[] {"GET", "POST"}) {
            add(method, path, exchange -> {
                throw new RequestFailure(ErrorBody.NOT_FOUND, why);
            });
        }
        leftOut.add(path);
        return this;
    }

    @Override
    public boolean handle(Request request, Response response, Callback callback) {
        Exchange exchange = new Exchange(request, response);
        try {
            find(exchange).serve(exchange);
            callback.succeeded();
        } catch (Exception error) {
            fail(exchange, error, callback);
        }
        return true;
    }

    private static void fail(Exchange exchange, Exception error, Callback callback) {
        try {
            if (exchange.hasBegun() || error instanceof EofException) {
                callback.failed(error);
            } else {
                exchange.fail(Failures.generic(error));
                callback.succeeded();
            }
        } catch (Exception gone) {
            callback.failed(gone);
        }
    }

    private Endpoint find(Exchange exchange) {
        String path = exchange.path();
        Map<String, Endpoint> found = routes.get(path);
        if (found == null && path.endsWith("/") && path.length() > 1) {
            found = routes.get(path.substring(0, path.length() - 1));
        }
        for (int slash = path.lastIndexOf('/'); found == null && slash > 0; slash = path.lastIndexOf('/', slash - 1)) {
            found = routes.get(path.substring(0, slash + 1));
        }
        if (found == null) {
            throw new RequestFailure(ErrorBody.NOT_FOUND, "There is no " + path + " here. There are: "
                    + String.join(", ", paths()) + ".");
        }
        Endpoint endpoint = found.get(exchange.method().equals("HEAD") ? "GET" : exchange.method());
        if (endpoint == null) {
            exchange.header(HttpHeader.ALLOW, String.join(", ", found.keySet()));
            throw new RequestFailure(ErrorBody.METHOD_NOT_ALLOWED, path + " takes "
                    + String.join(" and ", found.keySet()) + " requests, not " + exchange.method() + ".");
        }
        return endpoint;
    }

    private Set<String> paths() {
        Set<String> paths = new TreeSet<>(routes.keySet());
        paths.remove("/");
        paths.removeAll(leftOut);
        return paths;
    }
}
