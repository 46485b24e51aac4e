package labkit.ksql.function;

import static labkit.ksql.type.SqlType.STRING;

import java.net.URI;

final class UrlExtractPath extends Builtin {
    UrlExtractPath() {
        super("URL_EXTRACT_PATH", "The path of a URL.",
                Url.part(STRING, URI::getPath));
    }
}
