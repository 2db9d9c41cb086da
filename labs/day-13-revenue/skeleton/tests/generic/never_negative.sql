{# generic tests of your own go here; singular ones into the folder above #}
