package labkit.ksql.function;

import static labkit.ksql.type.SqlType.STRING;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import labkit.ksql.type.SqlType;

final class SplitToMap extends Builtin {
    SplitToMap() {
        super("SPLIT_TO_MAP", "Splits into entries at one delimiter and each of them into key and value at another.",
                Signature.of(new SqlType.MapOf(STRING, STRING), List.of(STRING, STRING, STRING),
                        in -> split((String) in[0], (String) in[1], (String) in[2])));
    }

    private static Map<String, String> split(String text, String entryDelimiter, String keyDelimiter) {
        if (entryDelimiter.isEmpty() || keyDelimiter.isEmpty()) {
            return null;
        }
        Map<String, String> map = new LinkedHashMap<>();
        for (String entry : text.split(Pattern.quote(entryDelimiter))) {
            int at = entry.indexOf(keyDelimiter);
            if (at >= 0) {
                map.put(entry.substring(0, at), entry.substring(at + keyDelimiter.length()));
            }
        }
        return map;
    }
}
