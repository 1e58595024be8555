"""What is measured, against whom; each command writes its figures to results/<subject>.json."""
