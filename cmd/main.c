#include <stdio.h>

int main(void)
{
	fputs("podium: no commands yet\n", stderr);
	return 2;
}
