package labkit.ksql.function;

import static labkit.ksql.type.SqlType.STRING;

import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.List;

final class UrlEncodeParam extends Builtin {
    UrlEncodeParam() {
        super("URL_ENCODE_PARAM", "Escapes what may not stand in a URL's parameter.",
                Signature.of(STRING, List.of(STRING),
                        in -> URLEncoder.encode((String) in[0], StandardCharsets.UTF_8).replace("+", "%20")));
    }
}
