package labkit.ksql.function;

import static labkit.ksql.type.SqlType.STRING;

import java.util.List;

final class UrlDecodeParam extends Builtin {
    UrlDecodeParam() {
        super("URL_DECODE_PARAM", "Turns the escapes of a URL's parameter back into characters.",
                Signature.of(STRING, List.of(STRING), in -> Url.decode((String) in[0])));
    }
}
