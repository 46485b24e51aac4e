package labkit.ksql.function;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;

/** Keeps what was made of texts that come again for each row: patterns, paths, zones. */
final class Compiled<T> {
    private static final int LIMIT = 1000;

    private final Map<String, T> known = new ConcurrentHashMap<>();
    private final Function<String, T> compile;

    Compiled(Function<String, T> compile) {
        this.compile = compile;
    }

    T of(String text) {
        T value = known.get(text);
        if (value == null) {
            // Texts from a column could be endlessly many.
            if (known.size() >= LIMIT) {
                known.clear();
            }
            value = compile.apply(text);
            known.put(text, value);
        }
        return value;
    }
}
