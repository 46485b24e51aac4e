package labkit.ksql.function;

import static labkit.ksql.type.SqlType.INTEGER;

final class UrlExtractPort extends Builtin {
    UrlExtractPort() {
        super("URL_EXTRACT_PORT", "The port that a URL names.",
                Url.part(INTEGER, url -> url.getPort() < 0 ? null : url.getPort()));
    }
}
