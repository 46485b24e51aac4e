package labkit.ksql.function;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import labkit.ksql.type.SqlType;

final class MapKeys extends Builtin {
    MapKeys() {
        super("MAP_KEYS", "The keys of a map.",
                Signature.generic(types -> types.get(0) instanceof SqlType.MapOf map
                                ? new SqlType.Array(map.key()) : null,
                        List.of(Parameter.MAP), types -> in -> new ArrayList<>(((Map<?, ?>) in[0]).keySet())));
    }
}
