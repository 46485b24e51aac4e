package labkit.ksql.ast;

/** A statement and its text, with the semicolon. */
public record Parsed(String text, Statement statement) {}
