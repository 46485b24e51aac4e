package labkit.ksql.function;

import java.util.List;
import java.util.stream.IntStream;
import labkit.ksql.type.SqlType;

/** A function whose constructor says all: its name, what it does, and its overloads. */
abstract class Builtin implements ScalarFunction {
    private final String name;
    private final String description;
    private final List<Signature> signatures;

    Builtin(String name, String description, Signature... signatures) {
        this.name = name;
        this.description = description;
        this.signatures = List.of(signatures);
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
    public final List<Signature> signatures() {
        return signatures;
    }

    /** Overloads in which parameters at the end may be left out, save the first {@code required}. */
    static Signature[] optional(int required, SqlType returns, List<? extends SqlType> parameters, Body body) {
        return IntStream.rangeClosed(required, parameters.size())
                .mapToObj(count -> Signature.of(returns, parameters.subList(0, count), body))
                .toArray(Signature[]::new);
    }
}
