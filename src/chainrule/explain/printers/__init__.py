"""One printer for each form of a document: plain text, Markdown, LaTeX, and HTML with MathML."""
