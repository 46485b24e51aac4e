package labkit.ksql.rest;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import labkit.ksql.KsqlException;
import labkit.ksql.aggregate.AggregateFunction;
import labkit.ksql.aggregate.Aggregates;
import labkit.ksql.function.Functions;
import labkit.ksql.function.Parameter;
import labkit.ksql.function.ScalarFunction;
import labkit.ksql.function.Signature;
import labkit.ksql.type.SqlType;

/** What SHOW FUNCTIONS and DESCRIBE FUNCTION tell. */
final class FunctionDescriptions {
    private static final String SCALAR = "SCALAR";
    private static final String AGGREGATE = "AGGREGATE";
    private static final String DEPENDS = "depends on the arguments";

    private FunctionDescriptions() {}

    static Entity names(String text) {
        Stream<Entity.FunctionEntry> scalars = Functions.all().stream()
                .flatMap(function -> Stream.concat(Stream.of(function.name()), function.aliases().stream()))
                .map(name -> new Entity.FunctionEntry(name, SCALAR, ""));
        Stream<Entity.FunctionEntry> aggregates = Aggregates.all().stream()
                .map(function -> new Entity.FunctionEntry(function.name(), AGGREGATE, ""));
        return new Entity.FunctionNames(text, Stream.concat(scalars, aggregates)
                .sorted(java.util.Comparator.comparing(Entity.FunctionEntry::name)).toList());
    }

    static Entity of(String text, String name) {
        ScalarFunction scalar = Functions.find(name).orElse(null);
        if (scalar != null) {
            return description(text, name, scalar.description(), scalar.signatures().stream()
                    .map(signature -> overload(signature, scalar.description())).toList(), SCALAR);
        }
        AggregateFunction aggregate = Aggregates.find(name).orElseThrow(() -> new KsqlException(unknown(name)));
        return description(text, name, aggregate.description(),
                aggregate.usages().stream().map(usage -> overload(usage, aggregate.description())).toList(), AGGREGATE);
    }

    private static Entity description(String text, String name, String description, List<Entity.Overload> overloads,
            String type) {
        return new Entity.FunctionDescription(text, name.toUpperCase(Locale.ROOT), description, "lab kit", "", "",
                overloads, type);
    }

    private static Entity.Overload overload(Signature signature, String description) {
        List<Entity.Argument> arguments = new ArrayList<>();
        int last = signature.parameters().size() - 1;
        for (int i = 0; i <= last; i++) {
            String type = signature.parameters().get(i).title();
            arguments.add(new Entity.Argument("", type, "", signature.variadic() && i == last));
        }
        return new Entity.Overload(arguments, returns(signature), description);
    }

    private static String returns(Signature signature) {
        List<SqlType> types = signature.parameters().stream().map(Parameter::type).collect(Collectors.toList());
        return types.contains(null) ? DEPENDS : String.valueOf(signature.returns().of(types));
    }

    /** Takes the arguments out of, for instance, "TOPK(column, k)". */
    private static Entity.Overload overload(String usage, String description) {
        String inside = usage.substring(usage.indexOf('(') + 1, usage.lastIndexOf(')')).trim();
        List<Entity.Argument> arguments = inside.isEmpty() ? List.of()
                : Arrays.stream(inside.split("\\s*,\\s*"))
                        .map(argument -> new Entity.Argument("", argument, "", argument.endsWith("..."))).toList();
        return new Entity.Overload(arguments, DEPENDS, description);
    }

    private static String unknown(String name) {
        String upper = name.toUpperCase(Locale.ROOT);
        String start = upper.substring(0, Math.min(3, upper.length()));
        List<String> alike = Stream.concat(Functions.all().stream().map(ScalarFunction::name), Aggregates.all()
                .stream().map(AggregateFunction::name))
                .filter(other -> other.startsWith(start)).sorted().toList();
        return "Can't find any functions with the name '" + upper + "'. "
                + (alike.isEmpty() ? "SHOW FUNCTIONS; lists all."
                : "Did you mean " + String.join(" or ", alike) + "?");
    }
}
