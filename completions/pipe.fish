complete --keep-order --exclusive --command pipe --arguments "(COMPLETE=fish pipe -- (commandline --current-process --tokenize --cut-at-cursor) (commandline --current-token))"
