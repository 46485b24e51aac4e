package labkit.ksql.function;

import static labkit.ksql.type.SqlType.STRING;

import java.util.List;
import java.util.Objects;
import java.util.stream.Collectors;
import java.util.stream.Stream;

final class Concat extends Builtin {
    Concat() {
        super("CONCAT", "Joins values end to end; nulls count as empty.",
                Bytes.too(Signature.of(STRING, List.of(STRING, STRING), in ->
                        Stream.of(in).filter(Objects::nonNull).map(String.class::cast).collect(Collectors.joining()))
                        .asVariadic().withNulls()));
    }
}
