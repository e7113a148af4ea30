"""The commands of the command line, one file each: ``add(commands)`` declares it, ``run(given)`` does it."""
