package labkit.ksql.function;

import static labkit.ksql.type.SqlType.STRING;

import java.net.URI;

final class UrlExtractProtocol extends Builtin {
    UrlExtractProtocol() {
        super("URL_EXTRACT_PROTOCOL", "The protocol of a URL.",
                Url.part(STRING, URI::getScheme));
    }
}
