package labkit.ksql.function;

import java.util.List;
import java.util.Locale;
import labkit.ksql.type.SqlType;

/** UCASE: capital letters. */
final class Ucase implements ScalarFunction {
    @Override
    public String name() {
        return "UCASE";
    }

    @Override
    public String description() {
        return "Writes a string in upper case.";
    }

    @Override
    public List<Signature> signatures() {
        return List.of(Signature.of(SqlType.STRING, List.of(SqlType.STRING),
                arguments -> ((String) arguments[0]).toUpperCase(Locale.ROOT)));
    }
}
