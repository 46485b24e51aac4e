package labkit.ksql.parser;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import labkit.ksql.KsqlException;
import labkit.ksql.ast.Location;
import labkit.ksql.ast.Parsed;
import labkit.ksql.grammar.KsqlLexer;
import labkit.ksql.grammar.KsqlParser;
import org.antlr.v4.runtime.BaseErrorListener;
import org.antlr.v4.runtime.CharStreams;
import org.antlr.v4.runtime.CommonTokenStream;
import org.antlr.v4.runtime.InputMismatchException;
import org.antlr.v4.runtime.RecognitionException;
import org.antlr.v4.runtime.Recognizer;
import org.antlr.v4.runtime.Token;
import org.antlr.v4.runtime.misc.IntervalSet;

/** Makes statements from text. */
public final class Parser {
    private static final Pattern VARIABLE = Pattern.compile("\\$\\{([A-Za-z_][A-Za-z0-9_]*)}");
    private static final Set<String> LEFT_OUT = Set.of("ALTER", "ASSERT", "RUN", "SPOOL");
    private static final Pattern LEFT_OUT_OBJECT = Pattern.compile(
            "(?is)(CREATE|DROP|SHOW|LIST|DESCRIBE)\\s+(?:OR\\s+REPLACE\\s+)?(TYPES?|(?:SOURCE\\s+|SINK\\s+)?CONNECTORS?)\\b(?!\\s*\\().*");

    /** How many brackets a statement may open before it closes one. */
    private static final int DEEPEST = 64;

    private Parser() {}

    /** One statement of a text, and where it begins. */
    public record Chunk(String text, Location at) {}

    /** Cuts a text at its semicolons, those within quotes and comments excepted. */
    public static List<Chunk> split(String text) {
        List<Chunk> chunks = new ArrayList<>();
        KsqlLexer lexer = new KsqlLexer(CharStreams.fromString(text));
        lexer.removeErrorListeners();
        CharStreamsView view = new CharStreamsView(text);
        Token first = null;
        int last = 0;
        for (Token token : lexer.getAllTokens()) {
            if (token.getChannel() != Token.DEFAULT_CHANNEL) {
                continue;
            }
            first = first == null ? token : first;
            last = token.getStopIndex();
            if (token.getText().equals(";")) {
                chunks.add(new Chunk(view.between(first.getStartIndex(), last), location(first)));
                first = null;
            }
        }
        if (first != null) {
            chunks.add(new Chunk(view.between(first.getStartIndex(), last), location(first)));
        }
        return chunks;
    }

    /** Parses a text that holds exactly one statement. */
    public static Parsed parse(String text) {
        List<Chunk> chunks = split(text);
        if (chunks.size() != 1) {
            throw new KsqlException("One statement was expected, but there are " + chunks.size() + ".");
        }
        return parse(chunks.getFirst(), Map.of());
    }

    /**
     * Parses a statement.
     *
     * @param variables what stands for <code>${name}</code>, by upper-case name
     * @throws SyntaxException if it is not one
     */
    public static Parsed parse(Chunk chunk, Map<String, String> variables) {
        String text = substitute(chunk.text(), variables);
        refuseWhatIsLeftOut(text);
        refuseWhatIsTooDeep(text, chunk.at());
        ThrowingListener errors = new ThrowingListener();
        KsqlLexer lexer = new KsqlLexer(CharStreams.fromString(text));
        lexer.setLine(chunk.at().line());
        lexer.setCharPositionInLine(chunk.at().column() - 1);
        lexer.removeErrorListeners();
        lexer.addErrorListener(errors);
        KsqlParser parser = new KsqlParser(new CommonTokenStream(lexer));
        parser.removeErrorListeners();
        parser.addErrorListener(errors);
        try {
            return new Parsed(text, new AstBuilder(text).statement(parser.single().statement()));
        } catch (NumberFormatException | ArithmeticException error) {
            throw new SyntaxException(chunk.at(), "A number is out of range: " + error.getMessage());
        } catch (StackOverflowError error) {
            throw new SyntaxException(chunk.at(), "The statement is nested too deeply.");
        }
    }

    static Location location(Token token) {
        return new Location(token.getLine(), token.getCharPositionInLine() + 1);
    }

    private static String substitute(String text, Map<String, String> variables) {
        return VARIABLE.matcher(text).replaceAll(match -> {
            String value = variables.get(match.group(1).toUpperCase(Locale.ROOT));
            return Matcher.quoteReplacement(value == null ? match.group() : value);
        });
    }

    private static void refuseWhatIsLeftOut(String text) {
        String word = text.split("\\W", 2)[0].toUpperCase(Locale.ROOT);
        if (LEFT_OUT.contains(word)) {
            throw KsqlException.notSupported("The statement " + word);
        }
        Matcher object = LEFT_OUT_OBJECT.matcher(text);
        if (object.matches()) {
            throw KsqlException.notSupported("The statement " + (object.group(1) + " " + object.group(2))
                    .toUpperCase(Locale.ROOT).replaceAll("\\s+", " "));
        }
    }

    /** Time and memory that parsing takes grow fast with brackets within brackets. */
    private static void refuseWhatIsTooDeep(String text, Location at) {
        KsqlLexer lexer = new KsqlLexer(CharStreams.fromString(text));
        lexer.removeErrorListeners();
        int depth = 0;
        for (Token token = lexer.nextToken(); token.getType() != Token.EOF; token = lexer.nextToken()) {
            if (token.getChannel() == Token.DEFAULT_CHANNEL) {
                depth += switch (token.getText().toUpperCase(Locale.ROOT)) {
                    case "(", "[", "CASE" -> 1;
                    case ")", "]", "END" -> -1;
                    default -> 0;
                };
            }
            if (depth > DEEPEST) {
                throw new SyntaxException(at, "The statement is nested too deeply: more than " + DEEPEST + " brackets.");
            }
        }
    }

    /** ANTLR counts code points, Java's strings do not. */
    private record CharStreamsView(String text) {
        String between(int first, int last) {
            int start = text.offsetByCodePoints(0, first);
            return text.substring(start, text.offsetByCodePoints(start, last - first + 1));
        }
    }

    private static final class ThrowingListener extends BaseErrorListener {
        private static final int FEW = 6;

        @Override
        public void syntaxError(Recognizer<?, ?> recognizer, Object symbol, int line, int column, String message,
                RecognitionException error) {
            Location at = new Location(line, column + 1);
            if (!(symbol instanceof Token token) || !(recognizer instanceof KsqlParser parser)) {
                throw new SyntaxException(at, "Syntax error: " + message);
            }
            boolean ended = token.getType() == Token.EOF;
            String seen = ended ? "the end of the statement" : "'" + token.getText() + "'";
            String expected = expected(parser, error);
            if (ended && expected.contains("';'")) {
                expected = "';'";
            }
            throw new SyntaxException(at, "Syntax error at " + seen + (ended && expected.equals("';'")
                    ? ": missing ';' at '<EOF>'" : expected.isEmpty() ? ": " + message : ": expected " + expected));
        }

        private static String expected(KsqlParser parser, RecognitionException error) {
            IntervalSet tokens = error instanceof InputMismatchException
                    ? error.getExpectedTokens() : error == null ? parser.getExpectedTokens() : null;
            if (tokens == null) {
                return "";
            }
            List<String> names = new ArrayList<>();
            for (int type : tokens.toList()) {
                String literal = KsqlParser.VOCABULARY.getLiteralName(type);
                if (literal != null || type == KsqlParser.IDENTIFIER) {
                    names.add(type == KsqlParser.IDENTIFIER ? "a name" : literal.replaceAll("'(\\w+)'", "$1"));
                }
            }
            if (names.contains("a name")) {
                // Wherever a name fits, so do some sixty words that may be names, too.
                names.removeIf(name -> name.matches("[A-Z_]+"));
            }
            return names.size() > FEW ? "" : String.join(" or ", names);
        }
    }
}
