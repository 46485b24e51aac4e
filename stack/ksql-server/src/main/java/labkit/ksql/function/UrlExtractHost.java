package labkit.ksql.function;

import static labkit.ksql.type.SqlType.STRING;

import java.net.URI;

final class UrlExtractHost extends Builtin {
    UrlExtractHost() {
        super("URL_EXTRACT_HOST", "The host of a URL.",
                Url.part(STRING, URI::getHost));
    }
}
