package labkit.ksql.function;

import static labkit.ksql.type.SqlType.STRING;

import java.net.URI;

final class UrlExtractFragment extends Builtin {
    UrlExtractFragment() {
        super("URL_EXTRACT_FRAGMENT", "What stands behind the # of a URL.",
                Url.part(STRING, URI::getFragment));
    }
}
