package labkit.ksql.aggregate;

import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;

/** All aggregate functions by name. */
public final class Aggregates {
    private static final List<AggregateFunction> ALL = List.of(
            new Attr(),
            new Avg(),
            new CollectList(),
            new CollectSet(),
            new Correlation(),
            new Count(),
            new CountDistinct(),
            new EarliestByOffset(),
            new Histogram(),
            new LatestByOffset(),
            new Max(),
            new Min(),
            new StddevSamp(),
            new Sum(),
            new Topk(),
            new Topkdistinct());

    private static final Map<String, AggregateFunction> BY_NAME =
            ALL.stream().collect(Collectors.toMap(AggregateFunction::name, Function.identity()));

    private Aggregates() {}

    /** Returns the function of a name, in whatever case. */
    public static Optional<AggregateFunction> find(String name) {
        return Optional.ofNullable(BY_NAME.get(name.toUpperCase(Locale.ROOT)));
    }

    /** Returns all functions. */
    public static Collection<AggregateFunction> all() {
        return ALL;
    }
}
