package labkit.ksql.function;

import static labkit.ksql.type.SqlType.INTEGER;
import static labkit.ksql.type.SqlType.STRING;

import java.util.List;
import java.util.regex.Matcher;

final class RegexpExtract extends Builtin {
    RegexpExtract() {
        super("REGEXP_EXTRACT", "The first part of a string that matches a pattern, or what one of its groups caught.",
                optional(2, STRING, List.of(STRING, STRING, INTEGER), in -> {
                    Matcher matcher = Regex.of(in[0]).matcher((String) in[1]);
                    int group = Regex.group(in);
                    return Regex.hasGroup(matcher, group) && matcher.find() ? matcher.group(group) : null;
                }));
    }
}
