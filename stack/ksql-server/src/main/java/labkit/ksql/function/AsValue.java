package labkit.ksql.function;

import java.util.List;

final class AsValue extends Builtin {
    AsValue() {
        super("AS_VALUE", "The same value: writes a key column into the row's value, too.",
                Signature.generic(types -> types.get(0), List.of(Parameter.ANY), types -> in -> in[0]));
    }
}
