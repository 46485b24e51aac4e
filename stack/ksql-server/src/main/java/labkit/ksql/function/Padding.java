package labkit.ksql.function;

import static labkit.ksql.type.SqlType.INTEGER;
import static labkit.ksql.type.SqlType.STRING;

import java.util.List;
import java.util.function.BinaryOperator;
import labkit.ksql.KsqlException;

/** What LPAD and RPAD share. */
final class Padding {
    /** A row that asks for more must not take the server's memory. */
    private static final int LONGEST = 1_000_000;

    private Padding() {}

    /** @param join puts text and filling together */
    static Signature[] signatures(BinaryOperator<String> join) {
        return Bytes.too(Signature.of(STRING, List.of(STRING, INTEGER, STRING), in -> {
            String text = (String) in[0];
            int length = (Integer) in[1];
            String padding = (String) in[2];
            if (length < 0 || padding.isEmpty()) {
                return null;
            }
            if (text.length() >= length) {
                return text.substring(0, length);
            }
            if (length > LONGEST) {
                throw new KsqlException("A text padded to " + length + " letters is longer than " + LONGEST + ".");
            }
            int missing = length - text.length();
            return join.apply(text, padding.repeat(missing / padding.length() + 1).substring(0, missing));
        }));
    }
}
