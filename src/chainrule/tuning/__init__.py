"""Finding good settings: `find_learning_rate` tries one learning rate after another and suggests one."""
