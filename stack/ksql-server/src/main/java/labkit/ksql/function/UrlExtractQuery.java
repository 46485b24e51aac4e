package labkit.ksql.function;

import static labkit.ksql.type.SqlType.STRING;

import java.net.URI;

final class UrlExtractQuery extends Builtin {
    UrlExtractQuery() {
        super("URL_EXTRACT_QUERY", "What stands behind the ? of a URL.",
                Url.part(STRING, URI::getQuery));
    }
}
