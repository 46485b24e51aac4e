package labkit.ksql.function;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Regular expressions, compiled once. */
final class Regex {
    private static final Compiled<Pattern> PATTERNS = new Compiled<>(Pattern::compile);
    private static final Compiled<Pattern> LITERALS = new Compiled<>(text -> Pattern.compile(text, Pattern.LITERAL));

    private Regex() {}

    static Pattern of(Object text) {
        return PATTERNS.of((String) text);
    }

    /** Returns a pattern that matches just this text. */
    static Pattern literal(Object text) {
        return LITERALS.of((String) text);
    }

    /** Returns the number of the group among the arguments: the third, or 0 for all of the match. */
    static int group(Object[] in) {
        return in.length > 2 ? (Integer) in[2] : 0;
    }

    static boolean hasGroup(Matcher matcher, int group) {
        return group >= 0 && group <= matcher.groupCount();
    }
}
