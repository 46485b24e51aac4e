package labkit.ksql.function;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

final class MapUnion extends Builtin {
    MapUnion() {
        super("MAP_UNION", "One map with the entries of two; where both have a key, the second one's value counts.",
                Signature.generic(Widening::common, List.of(Parameter.MAP, Parameter.MAP), types -> in -> {
                    if (in[0] == null || in[1] == null) {
                        return in[0] == null ? in[1] : in[0];
                    }
                    Map<Object, Object> union = new LinkedHashMap<>((Map<?, ?>) in[0]);
                    union.putAll((Map<?, ?>) in[1]);
                    return union;
                }).withNulls());
    }
}
