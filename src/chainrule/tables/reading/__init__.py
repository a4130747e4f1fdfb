"""Reading tables: arrays, data frames and files become a `Table` of typed columns or a `NumericTable`."""
