package labkit.ksql.function;

import static labkit.ksql.type.SqlType.BOOLEAN;
import static labkit.ksql.type.SqlType.STRING;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import labkit.ksql.type.SqlType;
import labkit.ksql.type.Struct;

final class Entries extends Builtin {
    Entries() {
        super("ENTRIES",
                "The entries of a map as an array of structs with the fields K and V, sorted by key if asked for.",
                Signature.generic(types -> entry(types) == null ? null : new SqlType.Array(entry(types)),
                        List.of(Parameter.MAP, Parameter.of(BOOLEAN)),
                        types -> in -> entries((Map<?, ?>) in[0], (Boolean) in[1], entry(types))));
    }

    private static SqlType.StructOf entry(List<SqlType> types) {
        return types.get(0) instanceof SqlType.MapOf map && map.key() == STRING
                ? new SqlType.StructOf(List.of(new SqlType.Field("K", STRING), new SqlType.Field("V", map.value())))
                : null;
    }

    private static List<Struct> entries(Map<?, ?> map, boolean sorted, SqlType.StructOf type) {
        return (sorted ? new TreeMap<Object, Object>(map) : map).entrySet().stream()
                .map(entry -> new Struct(type, Arrays.asList(entry.getKey(), entry.getValue())))
                .collect(Collectors.toList());
    }
}
