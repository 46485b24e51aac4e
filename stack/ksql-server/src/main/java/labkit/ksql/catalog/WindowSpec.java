package labkit.ksql.catalog;

import java.time.Duration;
import labkit.ksql.ast.Query.WindowType;

/** How the keys of a topic are windowed; sessions have no size. */
public record WindowSpec(WindowType type, Duration size) {
    public boolean isSession() {
        return type == WindowType.SESSION;
    }
}
