package labkit.metrics;

import io.prometheus.jmx.JavaAgent;
import java.util.Arrays;

/**
 * Serves a server's JMX metrics to Prometheus, and becomes the server.
 *
 * <p>The exporter is made to be a Java agent. But with an agent Java lets its ahead-of-time cache lie, and a
 * server needs twice the time to start; called from within, it works as well.
 */
public final class WithMetrics {
    private WithMetrics() {}

    /** Arguments: HOST:PORT:RULES for the exporter, the server's main class, its arguments. */
    public static void main(String[] arguments) throws Exception {
        if (arguments.length < 2) {
            System.err.println("usage: labkit.metrics.WithMetrics HOST:PORT:RULES CLASS [ARGUMENT ...]");
            System.exit(2);
        }
        JavaAgent.premain(arguments[0], null);
        try {
            Class.forName(arguments[1]).getMethod("main", String[].class)
                    .invoke(null, (Object) Arrays.copyOfRange(arguments, 2, arguments.length));
        } catch (ReflectiveOperationException error) {
            // Else the exporter's thread would keep a dead server's process alive.
            error.printStackTrace();
            System.exit(1);
        }
    }
}
