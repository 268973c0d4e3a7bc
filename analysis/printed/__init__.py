"""What printed reports have in common: fonts, colours, styles of text and tables, the two languages."""
