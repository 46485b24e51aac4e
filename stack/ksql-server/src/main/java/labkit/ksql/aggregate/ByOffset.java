package labkit.ksql.aggregate;

import java.util.List;
import labkit.ksql.KsqlException;
import labkit.ksql.type.SqlType;

/** What EARLIEST_BY_OFFSET and LATEST_BY_OFFSET share. */
abstract class ByOffset extends Builtin {
    private final boolean latest;

    ByOffset(String name, String description, boolean latest) {
        super(name, description, name + "(column)", name + "(column, ignoreNulls)", name + "(column, n)",
                name + "(column, n, ignoreNulls)");
        this.latest = latest;
    }

    @Override
    public int constants(int arguments) {
        return Math.max(0, arguments - 1);
    }

    @Override
    public Accumulator accumulator(List<SqlType> types, List<Object> constants) {
        SqlType type = only(types, any -> true);
        boolean hasFlag = !constants.isEmpty() && constants.getLast() instanceof Boolean;
        List<Object> numbers = hasFlag ? constants.subList(0, constants.size() - 1) : constants;
        if (numbers.size() > 1) {
            throw new KsqlException(name() + " does not take the constants " + constants + "; it takes\n"
                    + String.join("\n", usages()));
        }
        boolean many = !numbers.isEmpty();
        return new Arrivals(Arrivals.entry(type), latest, many ? positive(numbers.get(0), "n") : 1, many,
                !hasFlag || (Boolean) constants.getLast());
    }
}
