package labkit.ksql.function;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import labkit.ksql.type.SqlType;

/** All scalar functions by name. */
public final class Functions {
    private static final List<ScalarFunction> ALL = List.of(new Ucase());

    private static final Map<String, ScalarFunction> BY_NAME = new TreeMap<>();

    static {
        for (ScalarFunction function : ALL) {
            BY_NAME.put(function.name(), function);
            function.aliases().forEach(alias -> BY_NAME.put(alias, function));
        }
    }

    private Functions() {}

    /** Returns the function of a name or alias, in whatever case. */
    public static Optional<ScalarFunction> find(String name) {
        return Optional.ofNullable(BY_NAME.get(name.toUpperCase(Locale.ROOT)));
    }

    /** Returns all functions. */
    public static Collection<ScalarFunction> all() {
        return ALL;
    }

    /**
     * Picks the overload for arguments of these types (null: the literal NULL).
     *
     * @throws labkit.ksql.KsqlException if none fits; the message lists what would
     */
    public static Resolved resolve(ScalarFunction function, List<SqlType> arguments) {
        return Resolved.of(function, new ArrayList<>(arguments));
    }
}
