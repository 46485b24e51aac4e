package labkit.ksql.aggregate;

import java.util.List;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import labkit.ksql.KsqlException;
import labkit.ksql.type.SqlType;

/** What all aggregate functions have in common: names, and how they refuse arguments. */
abstract class Builtin implements AggregateFunction {
    private final String name;
    private final String description;
    private final List<String> usages;

    Builtin(String name, String description, String... usages) {
        this.name = name;
        this.description = description;
        this.usages = List.of(usages);
    }

    @Override
    public final String name() {
        return name;
    }

    @Override
    public final String description() {
        return description;
    }

    @Override
    public final List<String> usages() {
        return usages;
    }

    /** Returns the type of the only argument, if it is accepted. */
    final SqlType only(List<SqlType> types, Predicate<SqlType> accepted) {
        if (types.size() != 1 || types.get(0) == null || !accepted.test(types.get(0))) {
            throw refuse(types);
        }
        return types.get(0);
    }

    final KsqlException refuse(List<SqlType> types) {
        return new KsqlException("Function '" + name + "' does not accept parameters "
                + types.stream().map(String::valueOf).collect(Collectors.joining(", ", "(", ")")) + ".\n"
                + "Valid alternatives are:\n" + String.join("\n", usages) + "\n"
                + "For detailed information on a function run: DESCRIBE FUNCTION <Function-Name>;");
    }

    /** Returns a constant that has to be a whole number from 1 on. */
    final int positive(Object constant, String what) {
        if (constant instanceof Integer number && number > 0) {
            return number;
        }
        throw new KsqlException(name + ": " + what + " must be a positive INTEGER literal, not " + constant + ".");
    }
}
