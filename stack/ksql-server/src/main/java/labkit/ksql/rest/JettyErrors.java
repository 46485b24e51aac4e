package labkit.ksql.rest;

import java.nio.ByteBuffer;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.http.HttpStatus;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.server.handler.ErrorHandler;
import org.eclipse.jetty.util.Callback;

/** Requests that are no proper HTTP are refused before they reach an endpoint: in the same form as all other errors. */
final class JettyErrors implements Request.Handler {
    @Override
    public boolean handle(Request request, Response response, Callback callback) throws Exception {
        int status = response.getStatus();
        String name = HttpStatus.getMessage(status);
        Object reason = request.getAttribute(ErrorHandler.ERROR_MESSAGE);
        byte[] body = Json.MAPPER.writeValueAsBytes(ErrorBody.generic(status * 100,
                reason == null || reason.equals(name) ? name : name + ": " + reason));
        response.getHeaders().put(HttpHeader.CONTENT_TYPE, Exchange.JSON);
        response.write(true, ByteBuffer.wrap(body), callback);
        return true;
    }
}
