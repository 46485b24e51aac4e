package labkit.ksql.function;

import static labkit.ksql.type.SqlType.INTEGER;
import static labkit.ksql.type.SqlType.STRING;

import java.util.List;
import labkit.ksql.KsqlException;

final class Instr extends Builtin {
    Instr() {
        super("INSTR",
                "Where the n-th occurrence is, or 0. The search starts at a position, from the end if it is negative.",
                optional(2, INTEGER, List.of(STRING, STRING, INTEGER, INTEGER), Instr::of));
    }

    private static int of(Object[] in) {
        String text = (String) in[0];
        String wanted = (String) in[1];
        int position = in.length > 2 ? (Integer) in[2] : 1;
        int occurrence = in.length > 3 ? (Integer) in[3] : 1;
        if (occurrence < 1) {
            throw new KsqlException("INSTR: the occurrence must be 1 or more, not " + occurrence + ".");
        }
        boolean backwards = position < 0;
        int at = backwards ? text.length() + position : position - 1;
        while (true) {
            at = backwards ? text.lastIndexOf(wanted, at) : text.indexOf(wanted, at);
            if (at < 0 || --occurrence == 0) {
                return at + 1;
            }
            at += backwards ? -1 : 1;
        }
    }
}
