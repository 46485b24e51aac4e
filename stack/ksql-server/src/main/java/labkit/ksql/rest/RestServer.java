package labkit.ksql.rest;

import java.net.Socket;
import java.net.SocketException;
import java.net.URI;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Executors;
import labkit.ksql.KsqlException;
import labkit.ksql.engine.Engine;
import org.eclipse.jetty.http.HttpCompliance;
import org.eclipse.jetty.http.UriCompliance;
import org.eclipse.jetty.http2.server.HTTP2CServerConnectionFactory;
import org.eclipse.jetty.server.HttpConfiguration;
import org.eclipse.jetty.server.HttpConnectionFactory;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.util.thread.QueuedThreadPool;

/** Serves the REST interface over HTTP/1.1 and cleartext HTTP/2, at the listeners that the settings name. */
public final class RestServer implements AutoCloseable {
    private static final long STOP_MILLIS = 1000;
    private final Server server;
    private final RunningQueries running;

    public RestServer(Engine engine) {
        this(engine, new RunningQueries());
    }

    private RestServer(Engine engine, RunningQueries running) {
        this(engine.config().listeners(), Routes.of(engine, running), running);
    }

    RestServer(List<URI> listeners, Router router, RunningQueries running) {
        this.running = running;
        QueuedThreadPool threads = new QueuedThreadPool(16, 2);
        threads.setName("rest");
        threads.setVirtualThreadsExecutor(
                Executors.newThreadPerTaskExecutor(Thread.ofVirtual().name("rest-", 0).factory()));
        server = new Server(threads);
        listeners.forEach(listener -> server.addConnector(connector(listener)));
        server.setHandler(router);
        server.setErrorHandler(new JettyErrors());
        server.setStopTimeout(STOP_MILLIS);
    }

    private ServerConnector connector(URI listener) {
        if (!"http".equals(listener.getScheme()) || listener.getHost() == null) {
            throw new KsqlException("The listener " + listener
                    + " is not supported here: it has to be http://HOST:PORT.");
        }
        HttpConfiguration http = new HttpConfiguration();
        http.setSendServerVersion(false);
        // A client in Python names the port in the request's line only.
        http.setHttpCompliance(HttpCompliance.RFC7230.with("ksql", HttpCompliance.Violation.MISMATCHED_AUTHORITY));
        // The backticks in /status/stream/`NAME`/create.
        http.setUriCompliance(UriCompliance.DEFAULT.with("ksql", UriCompliance.Violation.ILLEGAL_PATH_CHARACTERS));
        ServerConnector connector = new ServerConnector(server, 1, 1,
                new HttpConnectionFactory(http), new HTTP2CServerConnectionFactory(http)) {
            @Override
            protected void configure(Socket socket) {
                super.configure(socket);
                try {
                    socket.setKeepAlive(true);
                } catch (SocketException error) {
                    // only a dead client would be noticed later
                }
            }
        };
        connector.setHost(listener.getHost());
        connector.setPort(listener.getPort() < 0 ? 8088 : listener.getPort());
        // A push query may be quiet, and its client slow, for as long as they like.
        connector.setIdleTimeout(0);
        return connector;
    }

    /** Fails if a port is taken. */
    public void start() {
        try {
            server.start();
        } catch (Exception error) {
            throw new KsqlException("The server cannot listen at " + Arrays.toString(server.getConnectors()) + ": "
                    + error.getMessage(), error);
        }
    }

    /** The port of the first listener; another than the settings' if that is 0. */
    public int port() {
        return ((ServerConnector) server.getConnectors()[0]).getLocalPort();
    }

    @Override
    public void close() {
        running.stop();
        try {
            server.stop();
        } catch (Exception error) {
            throw new KsqlException("The REST server did not stop in order: " + error.getMessage(), error);
        }
    }
}
