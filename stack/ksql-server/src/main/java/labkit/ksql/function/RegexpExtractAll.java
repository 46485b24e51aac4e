package labkit.ksql.function;

import static labkit.ksql.type.SqlType.INTEGER;
import static labkit.ksql.type.SqlType.STRING;

import java.util.List;
import java.util.regex.Matcher;
import java.util.stream.Collectors;
import labkit.ksql.type.SqlType;

final class RegexpExtractAll extends Builtin {
    RegexpExtractAll() {
        super("REGEXP_EXTRACT_ALL",
                "All parts of a string that match a pattern, or what one of its groups caught in each.",
                optional(2, new SqlType.Array(STRING), List.of(STRING, STRING, INTEGER), in -> {
                    Matcher matcher = Regex.of(in[0]).matcher((String) in[1]);
                    int group = Regex.group(in);
                    return Regex.hasGroup(matcher, group)
                            ? matcher.results().map(match -> match.group(group)).collect(Collectors.toList())
                            : null;
                }));
    }
}
