package labkit.ksql.rest;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import labkit.ksql.KsqlException;
import labkit.ksql.ast.Parsed;
import labkit.ksql.ast.Statement;
import labkit.ksql.engine.Overrides;
import labkit.ksql.engine.ServerConfig;
import labkit.ksql.parser.Parser;

/** What SET and DEFINE say, for the statements of one request that follow them. */
final class Session {
    private final ServerConfig config;
    private final Map<String, Object> properties;
    private final Map<String, String> variables;

    Session(ServerConfig config, StatementRequest request) {
        this(config, new LinkedHashMap<>(request.properties()), new TreeMap<>(request.variables()));
        try {
            config.withOverrides(properties);
        } catch (KsqlException error) {
            throw new RequestFailure(ErrorBody.BAD_REQUEST, error.getMessage());
        }
    }

    private Session(ServerConfig config, Map<String, Object> properties, Map<String, String> variables) {
        this.config = config;
        this.properties = properties;
        this.variables = variables;
    }

    /** Properties of the request and of SET, as they were written. */
    Map<String, Object> properties() {
        return Map.copyOf(properties);
    }

    Map<String, String> variables() {
        return variables;
    }

    /** The session's properties under their full names, as the server's settings have them. */
    SortedMap<String, String> overrides() {
        SortedMap<String, String> named = new TreeMap<>();
        properties.forEach((name, value) -> named.put(Overrides.fullName(name), value.toString()));
        return named;
    }

    /** True if a request may set it. */
    boolean isEditable(String name) {
        try {
            config.withOverrides(Map.of(name, ""));
            return true;
        } catch (KsqlException error) {
            return false;
        }
    }

    /** Parses all statements, so that none is carried out if one of them cannot be read. */
    List<Parsed> parse(String text) {
        Session ahead = new Session(config, new LinkedHashMap<>(properties), new TreeMap<>(variables));
        List<Parsed> statements = new ArrayList<>();
        for (Parser.Chunk chunk : Parser.split(text)) {
            try {
                Parsed parsed = Parser.parse(chunk, ahead.variables);
                ahead.apply(parsed.statement());
                statements.add(parsed);
            } catch (KsqlException error) {
                throw new RequestFailure(Failures.ofStatement(error, chunk.text(), List.of()));
            }
        }
        if (statements.isEmpty()) {
            throw new RequestFailure(ErrorBody.BAD_REQUEST, "There is no statement in: " + text);
        }
        return statements;
    }

    /** Carries out a statement that concerns the session only; returns false if it is another one. */
    boolean apply(Statement statement) {
        switch (statement) {
            case Statement.SetProperty set -> {
                config.withOverrides(Map.of(set.name(), set.value()));
                properties.put(set.name(), set.value());
            }
            case Statement.UnsetProperty unset -> {
                config.withOverrides(Map.of(unset.name(), ""));
                properties.remove(unset.name());
            }
            case Statement.Define define -> variables.put(define.name().toUpperCase(Locale.ROOT), define.value());
            case Statement.Undefine undefine -> variables.remove(undefine.name().toUpperCase(Locale.ROOT));
            default -> {
                return false;
            }
        }
        return true;
    }
}
