package labkit.ksql.rest;

import java.util.Locale;
import labkit.ksql.catalog.Catalog;
import labkit.ksql.engine.Engine;

/** Which stream or table a name outside of a statement means: as there, in any case unless it is in backticks. */
final class SourceName {
    private final Engine engine;

    SourceName(Engine engine) {
        this.engine = engine;
    }

    /** Fails if there is none. */
    String resolve(String written) {
        Catalog catalog = engine.catalog();
        if (written.length() > 2 && written.startsWith("`") && written.endsWith("`")) {
            return catalog.get(written.substring(1, written.length() - 1)).name();
        }
        String upper = written.toUpperCase(Locale.ROOT);
        return catalog.find(upper).or(() -> catalog.find(written)).orElseGet(() -> catalog.get(upper)).name();
    }
}
