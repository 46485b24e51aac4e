package labkit.ksql.function;

import static labkit.ksql.type.SqlType.STRING;

import java.util.List;
import java.util.Objects;
import java.util.stream.Collectors;
import java.util.stream.Stream;

final class ConcatWs extends Builtin {
    ConcatWs() {
        super("CONCAT_WS", "Joins values with a separator, which comes first, between each two; nulls are left out.",
                Bytes.too(Signature.of(STRING, List.of(STRING, STRING), in -> in[0] == null ? null
                        : Stream.of(in).skip(1).filter(Objects::nonNull).map(String.class::cast)
                                .collect(Collectors.joining((String) in[0])))
                        .asVariadic().withNulls()));
    }
}
