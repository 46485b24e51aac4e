package labkit.ksql.function;

import static labkit.ksql.type.SqlType.STRING;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import labkit.ksql.type.SqlType;

final class AsMap extends Builtin {
    AsMap() {
        super("AS_MAP", "A map of an array of keys and one of values.",
                Signature.generic(types -> types.get(1) instanceof SqlType.Array values
                                ? new SqlType.MapOf(STRING, values.element()) : null,
                        List.of(Parameter.of(new SqlType.Array(STRING)), Parameter.ARRAY),
                        types -> in -> map((List<?>) in[0], (List<?>) in[1])));
    }

    private static Map<Object, Object> map(List<?> keys, List<?> values) {
        Map<Object, Object> map = new LinkedHashMap<>();
        for (int i = 0; i < Math.min(keys.size(), values.size()); i++) {
            map.put(keys.get(i), values.get(i));
        }
        return map;
    }
}
