"""System query options: $filter, $search, $orderby, $select, $expand and paging."""
