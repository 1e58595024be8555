"""Everything that runs beside the wearable: sources, pipeline, engines, alarms, sinks. Never torch."""
