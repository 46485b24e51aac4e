package labkit.ksql.function;

import static labkit.ksql.type.SqlType.STRING;

import java.net.URI;
import java.net.URISyntaxException;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.function.Function;
import labkit.ksql.type.SqlType;

/** Parts of URLs. */
final class Url {
    private Url() {}

    /** The overload of a function that gives a part, or null if there is none or the URL is not valid. */
    static Signature part(SqlType type, Function<URI, Object> part) {
        return Signature.of(type, List.of(STRING), in -> part((String) in[0], part));
    }

    static Object part(String url, Function<URI, Object> part) {
        try {
            return part.apply(new URI(url));
        } catch (URISyntaxException invalid) {
            return null;
        }
    }

    static String decode(String text) {
        return URLDecoder.decode(text, StandardCharsets.UTF_8);
    }
}
