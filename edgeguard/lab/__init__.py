"""Everything that needs torch: data sets, nets, attacks, defenses, training, evaluation, export."""
