package labkit.ksql.function;

import static labkit.ksql.type.SqlType.STRING;

import java.util.List;

final class UrlExtractParameter extends Builtin {
    UrlExtractParameter() {
        super("URL_EXTRACT_PARAMETER", "The value of a parameter of a URL.",
                Signature.of(STRING, List.of(STRING, STRING),
                        in -> Url.part((String) in[0], url -> parameter(url.getRawQuery(), (String) in[1]))));
    }

    private static String parameter(String query, String name) {
        for (String pair : query == null ? new String[0] : query.split("&")) {
            int at = pair.indexOf('=');
            if (at >= 0 && at < pair.length() - 1 && Url.decode(pair.substring(0, at)).equals(name)) {
                return Url.decode(pair.substring(at + 1));
            }
        }
        return null;
    }
}
